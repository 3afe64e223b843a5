import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** A person as one platform knows them: (issuer, subject), belonging to one account. */
@Entity('identities')
export class Identity {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @Column('uuid', { name: 'account_id' })
  accountId: string;

  @Column('text')
  issuer: string;

  @Column('text')
  subject: string;

  /** The slug of the connection that was used last. */
  @Column('text')
  connection: string;

  /** The corp's id. */
  @Column('text', { nullable: true })
  tenant: string | null;

  /** The person's id inside the corp, as the platform spells it. */
  @Column('text', { name: 'user_id', nullable: true })
  userId: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column('timestamptz', { name: 'last_used_at' })
  lastUsedAt: Date;

  /** When the corp's directory last confirmed the person. */
  @Column('timestamptz', { name: 'directory_read_at', nullable: true })
  directoryReadAt: Date | null;

  /** When the person left the corp: the identity is a tombstone (`leavers/tombstones.ts`). */
  @Column('timestamptz', { name: 'left_at', nullable: true })
  leftAt: Date | null;
}
