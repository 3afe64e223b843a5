import {
  Column,
  CreateDateColumn,
  Entity,
  PrimaryGeneratedColumn,
  UpdateDateColumn,
} from 'typeorm';

export type AccountStatus = 'active' | 'disabled';
export type Gender = 'male' | 'female';

/** A person in our database; `id` is the `sub` of every token. */
@Entity('accounts')
export class Account {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @Column('text', { name: 'display_name', nullable: true })
  displayName: string | null;

  /** E.164. Unique among accounts only when `phoneVerified`. */
  @Column('text', { nullable: true })
  phone: string | null;

  @Column('boolean', { name: 'phone_verified', default: false })
  phoneVerified: boolean;

  @Column('text', { nullable: true })
  email: string | null;

  @Column('boolean', { name: 'email_verified', default: false })
  emailVerified: boolean;

  @Column('text', { name: 'avatar_url', nullable: true })
  avatarUrl: string | null;

  @Column('text', { nullable: true })
  gender: Gender | null;

  @Column('text', { nullable: true })
  locale: string | null;

  @Column('text', { array: true, default: '{}' })
  roles: string[];

  @Column('text', { default: 'active' })
  status: AccountStatus;

  /** Counts the changes of what an administrator may edit: the entity tag. */
  @Column('integer', { default: 1 })
  revision: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt: Date;

  @Column('timestamptz', { name: 'last_sign_in_at', nullable: true })
  lastSignInAt: Date | null;
}
